"""A folder that a scanner's own software, or an officer, puts images into."""
