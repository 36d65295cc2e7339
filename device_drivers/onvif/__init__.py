"""IP cameras that speak ONVIF (Profile S): found on the network, asked for their stream, read over RTSP."""
