"""Which worlds give these numbers?"""
