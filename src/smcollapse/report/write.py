"""x"""
Report = write_report = None
