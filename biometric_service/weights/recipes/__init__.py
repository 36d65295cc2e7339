"""How files as others publish them become the ONNX models that the engines load.

Each module has ``build(source: Path, target: Path) -> None``: it reads ``source`` (and what lies beside it) and writes
one ONNX file to ``target``; the same source gives the same bytes. It may raise whatever comes its way where the source
is not what it expects: ``weights.building`` makes one MODEL_INVALID of that.
"""
