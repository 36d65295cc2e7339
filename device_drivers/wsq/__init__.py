"""WSQ, the FBI's compression of fingerprints: wavelets, scalar quantisation, Huffman codes (IAFIS-IC-0110, v3.1).

Written here because the library at hand, NIST's, writes outside its memory on damaged files.
"""
