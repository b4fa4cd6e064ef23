"""What every command says on small tables and studies, kept word by word and number by number."""
