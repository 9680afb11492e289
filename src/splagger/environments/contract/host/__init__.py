"""The contract of Gymnasium environments. What is here needs Gymnasium."""
