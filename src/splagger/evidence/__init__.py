"""What the paper claims, the trainings that decide it, and the verdicts."""
