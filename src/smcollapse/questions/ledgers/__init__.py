"""What is claimed, and what do the committed findings say of it?"""
