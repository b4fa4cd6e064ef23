"""Does the theory hold?"""
