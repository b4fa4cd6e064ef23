"""How strict should a filter be?"""
