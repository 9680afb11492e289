"""What is made from run directories: figures and tables."""
