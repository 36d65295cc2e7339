"""Synthetic fingerprints after the published SFinGe method of Cappelli, Maio and Maltoni: nobody's fingers.

The walk: pattern (class and singular points) → flow (ridge orientation and period) → growth (ridge pattern) → master
(the finger) → contact, distortion and rendering → impression (what a sensor shows of it) → dataset (a folder).
``templates`` takes a short cut from the pattern to minutiae, for galleries too large to draw.
"""
