"""Cameras: USB (V4L2), RTSP and motion JPEG over HTTP, through OpenCV's capture back-ends."""
