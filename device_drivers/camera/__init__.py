"""Cameras: USB (V4L2) and RTSP through OpenCV; motion JPEG and snapshots over HTTP in our own few lines."""
