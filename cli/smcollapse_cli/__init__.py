"""The command line of smcollapse: parse, call one function of the library, print."""
