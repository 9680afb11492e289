"""Where the scalars of a training go beside its records: TensorBoard, Weights & Biases."""
