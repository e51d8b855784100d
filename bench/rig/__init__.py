"""The test rig: the code that the benches share, such as installations, made-up data, load clients and reports."""
