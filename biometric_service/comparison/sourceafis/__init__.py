"""The official SourceAFIS engine as a comparator: optional, on a Java virtual machine in this process."""
