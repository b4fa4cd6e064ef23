"""What a user asks, one file each: each joins results and inference into one answer."""
