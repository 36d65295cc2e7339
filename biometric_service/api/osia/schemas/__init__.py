"""What goes over the wire by OSIA's contract, one file a noun."""
