"""The rig: installations, made-up data, load clients and reports that the benches share."""
