"""Minutiae templates compared by local structure first, then by how well the local agreements agree with one another.

The walk of one comparison, and the file of each step: cylinder codes of each minutia (``cylinders``), their similarity
(``similarity``), the most alike pairs relaxed by mutual support (``relaxation``), the alignment they vote for and the
minutiae it brings together (``alignment``), and the weight of that evidence (``evidence``).
"""
