"""Pure tensor functions: no class with state, no variable, no TFP, no Keras."""
