"""Where does a mixture collapse?"""
