"""What could be wrong with an answer?"""
