#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Writes network.hpp: what scikit-learn makes of small networks. python3 make_network.py > network.hpp
import numpy
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor

generator = numpy.random.default_rng(7)


def text(values):
    return "{" + ", ".join(float(v).hex() for v in numpy.asarray(values).ravel()) + "}"


def backprop(model, x, y):
    """Outputs, loss and gradient of a network at its present weights, without regularisation."""
    units = [x.shape[1]] + list(numpy.atleast_1d(model.hidden_layer_sizes)) + [y.shape[1]]
    activations = [x] + [numpy.empty((x.shape[0], n)) for n in units[1:]]
    deltas = [numpy.empty_like(a) for a in activations[1:]]
    coef_grads = [numpy.empty_like(c) for c in model.coefs_]
    intercept_grads = [numpy.empty_like(i) for i in model.intercepts_]
    loss, coef_grads, intercept_grads = model._backprop(x, y, activations, deltas, coef_grads, intercept_grads)
    # Its loss of a regression is the mean over rows and outputs, its gradient that over rows alone. Ours is over rows in both.
    if isinstance(model, MLPRegressor):
        loss *= y.shape[1]
    return model._forward_pass_fast(x), loss, coef_grads, intercept_grads


def case(name, model, x, y, targets):
    model.alpha = 0
    model.max_iter = 3
    model.fit(x, targets)
    outputs, loss, coef_grads, intercept_grads = backprop(model, x, y)
    print(f"inline const network_case {name} = {{")
    print("    {" + ", ".join(str(n) for n in [x.shape[1], *model.hidden_layer_sizes, y.shape[1]]) + "},")
    print(f"    {text(x)},")
    print(f"    {text(targets)},")
    print("    {" + ",\n     ".join(text(p) for pair in zip(model.coefs_, model.intercepts_) for p in pair) + "},")
    print(f"    {text(outputs)},")
    print(f"    {float(loss).hex()},")
    print("    {" + ",\n     ".join(text(g) for pair in zip(coef_grads, intercept_grads) for g in pair) + "}};")


print(f"""// SPDX-License-Identifier: Apache-2.0
// From make_network.py: scikit-learn {sklearn.__version__}, numpy {numpy.__version__}.
#ifndef XRAYON_TESTS_ML_GOLDEN_NETWORK_HPP
#define XRAYON_TESTS_ML_GOLDEN_NETWORK_HPP

#include <cstddef>
#include <vector>

namespace golden {{

struct network_case {{
    std::vector<std::size_t> layers;
    std::vector<double> x;
    std::vector<double> y;                        // labels, or targets row by row
    std::vector<std::vector<double>> parameters;  // weights, bias, weights, ...
    std::vector<double> outputs;
    double loss;
    std::vector<std::vector<double>> gradient;
}};
""")
rows = generator.normal(size=(7, 3))
labels = numpy.array([0, 1, 2, 3, 1, 0, 2])
case("relu_softmax", MLPClassifier((5, 4), activation="relu", solver="sgd", learning_rate_init=0.5, random_state=1), rows, numpy.eye(4)[labels], labels)
case("tanh_softmax", MLPClassifier((6,), activation="tanh", solver="sgd", learning_rate_init=0.5, random_state=2), rows, numpy.eye(4)[labels], labels)
values = generator.normal(size=(7, 2))
case("relu_squared", MLPRegressor((5, 4), activation="relu", solver="sgd", learning_rate_init=0.1, random_state=3), rows, values, values)
case("tanh_squared", MLPRegressor((4, 3), activation="tanh", solver="sgd", learning_rate_init=0.1, random_state=4), rows, values, values)
print("""
} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_NETWORK_HPP""")
