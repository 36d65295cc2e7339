"""How well samples of known people are told apart (ISO/IEC 19795-1), for the benchmarks and for deployers."""
