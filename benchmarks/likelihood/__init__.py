"""What `likelihoods.py` is made of.

The command reads sets (`sets`, `tables`), and has each flow on them (`rows`) trained and scored in
a process of its own (`worker`) when it has its turn (`turns`), by one loop for all frameworks
(`course`) which knows flows as learners (`keras_learner`, `torch_learner`, `gaussian`). What comes
out is kept (`results`) and written down (`report`, `published`).
"""
