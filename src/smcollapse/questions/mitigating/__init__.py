"""What helps, and what does it cost?"""
