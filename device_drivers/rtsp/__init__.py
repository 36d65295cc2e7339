"""IP cameras that stream (RTSP, RFC 2326), read by FFmpeg through OpenCV."""
