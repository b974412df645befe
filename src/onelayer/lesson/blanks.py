"""The exercises as a learner finds them: one blank or more, `...`, where the lecture has a line."""

BLANKS = {
    "sigmoid": """\
def sigmoid(z):
    a = ...
    return a
""",
    "cost": """\
def cost(A, Y):
    m = A.shape[1]
    J = ...
    return J
""",
    "optimize": """\
def optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009):
    costs = []
    for i in range(num_iterations):
        grads, J = propagate(w, b, X, Y)
        w = ...
        b = ...
        if i % 100 == 0:
            costs.append(J)
    return {"w": w, "b": b}, grads, costs
""",
    "predict": """\
def predict(w, b, X):
    A = sigmoid(w.T @ X + b)
    return ...
""",
    "backward": """\
def backward(x, a, y):
    dz = ...
    dw = ...
    db = ...
    return dw, db
""",
    "propagate": """\
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(w.T @ X + b)
    J = cost(A, Y)
    dZ = ...
    dw = ...
    db = ...
    return {"dw": dw, "db": db}, J
""",
    "images_to_columns": """\
def images_to_columns(images):
    m = images.shape[0]
    return images.reshape(...)
""",
    "center": """\
def center(X):
    mean = ...    # of each feature: a column, (n_x, 1)
    return X - mean
""",
    "classifier": """\
def classifier(X, Y):
    w, b = initialize_with_zeros(X.shape[0])
    params, grads, costs = ...
    return params["w"], params["b"]
""",
    "with_squares": """\
def with_squares(X):
    rows = ...    # (2, m) becomes (4, m): X, and its squares below
    return rows
""",
}
"""By the name of the function, in the order of the chapters."""
