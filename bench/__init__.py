"""What a lab costs in time and memory, beside what others need for the same: measured in one run, never a test."""
