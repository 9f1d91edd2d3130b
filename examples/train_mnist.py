"""Train a flow on MNIST
=====================

For a given time; reports bits/dim and draws samples. ::

    python examples/train_mnist.py --flow realnvp --minutes 10 --data DIRECTORY

As ``train_fashion_mnist.py``, which says what is measured and how.
"""

from train_fashion_mnist import main

if __name__ == "__main__":
    main("mnist", __doc__.splitlines()[0])
