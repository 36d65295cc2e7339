"""What libfprint does not tell of its readers: how fine their pictures are.

``ppmm`` of its images is 0.0 with every driver. Here is what the makers' data sheets say; a driver that is not here
serves sensors of several kinds, or of a resolution that nobody published: give ``?dpi=`` after measuring it.
"""

from collections.abc import Mapping
from types import MappingProxyType

DPI: Mapping[str, float] = MappingProxyType(
    {
        "aes1610": 500.0,  # AuthenTec EntrePad: 500 dpi swipe sensors
        "aes1660": 500.0,
        "aes2501": 500.0,
        "aes2550": 500.0,
        "aes2660": 500.0,
        "etes603": 500.0,  # EgisTec ES603: 192 pixels over 9.75 mm
        "nb1010": 385.0,  # NEXT Biometrics NB-1010-U: 180 by 256 pixels over 11.9 by 16.9 mm
        "upeksonly": 508.0,  # UPEK TouchStrip: pixels of 50 micrometres
        "upektc": 508.0,  # UPEK TouchChip: pixels of 50 micrometres
        "upektc_img": 508.0,
        "uru4000": 512.0,  # DigitalPersona U.are.U 4000 and 4500
        "vcom5s": 500.0,  # Veridicom FPS110: 300 by 300 pixels over 15 by 15 mm
        "virtual_image": 500.0,  # libfprint's own for tests
    }
)
