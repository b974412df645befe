"""The catalogue of slips: what a learner's function does wrong, and the line that mends it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """A named slip with its explanation and the line that mends it."""

    name: str
    explanation: str
    mend: str


# Common to all four functions.
RAISED = Slip("exception", "the function raised an exception", "the line named in `came`")
RETURN_VALUE = Slip(
    "return value", "the function does not return what the exercise agrees on", "see `due`"
)
BLANK = Slip("blank left", "a line still says `...`", "write what belongs in its place")
CHANGED_INPUT = Slip(
    "input modified in place",
    "the caller's own array was changed: the next call starts from other numbers",
    "build a new array: w = w - learning_rate * dw   (w -= ... writes into the caller's)",
)
RANK_1 = Slip(
    "rank-1 array",
    "a shape like (n,) is neither row nor column, and meets a (n, 1) as (n, n)",
    "keep two axes: reshape(-1, 1) for a column, reshape(1, -1) for a row",
)
SHAPE = Slip("wrong shape", "the values cannot be compared: the shape is another", "see `due`")
OVERFLOW = Slip(
    "overflow",
    "e^-z is beyond the range of float64 where z < -709",
    "e = np.exp(-np.abs(z)); a = np.where(z >= 0, 1, e) / (1 + e)",
)
OTHER = Slip("wrong value", "the value is another, and of no slip known here", "compare with `due`")

# sigmoid
SIGN_OF_Z = Slip("sign of z", "this is sigma(-z)", "a = 1 / (1 + np.exp(-z))")
TANH = Slip("tanh in place of sigma", "tanh runs from -1 to 1", "a = 1 / (1 + np.exp(-z))")
DERIVATIVE = Slip("derivative in place of sigma", "this is a (1 - a)", "return a, not a * (1 - a)")
NAN = Slip("nan", "the result is not a number", "e = np.exp(-np.abs(z)) never overflows")

# propagate
MEAN_DW = Slip("1/m missing", "dw is a sum over the examples, not a mean", "dw = X @ dZ.T / m")
MEAN_DB = Slip("1/m missing", "db is a sum over the examples, not a mean", "db = dZ.sum() / m")
MEAN_COST = Slip(
    "1/m missing", "the cost is a sum over the examples, not a mean", "cost = losses.sum() / m"
)
TWICE = Slip("1/m twice", "the mean was taken twice", "divide by m once")
BY_N_X = Slip("divided by n_x", "the mean is over examples, not features", "m = X.shape[1]")
SIGN_OF_DZ = Slip("sign of dZ", "dZ is Y - A: descent would climb the cost", "dZ = A - Y")
TRANSPOSED = Slip("dw transposed", "dw must have the shape of w, (n_x, 1)", "dw = X @ dZ.T / m")
NO_RESIDUAL = Slip("A in place of A - Y", "the labels were left out of dZ", "dZ = A - Y")
NO_SIGMA = Slip("sigma forgotten", "Z was used where A is due", "A = sigmoid(Z)")
NO_BIAS = Slip("b forgotten", "z has no bias", "Z = w.T @ X + b")
DB_ARRAY = Slip("db is an array", "db must be one number", "db = dZ.sum() / m")
COST_ARRAY = Slip(
    "cost is an array", "the cost must be one number", "cost = float(np.squeeze(cost))"
)
NAN_COST = Slip(
    "cost is nan at a = 0 or 1",
    "0 * log(0) is nan: the absent class's term must be left out, not multiplied by 0",
    "take the loss from Z: np.maximum(Z, 0) - Y * Z + np.log1p(np.exp(-np.abs(Z)))",
)
CERTAIN_COST = Slip(
    "cost wrong at a = 0 or 1",
    "where every example is right and certain, the cost is 0",
    "take the loss from Z: np.maximum(Z, 0) - Y * Z + np.log1p(np.exp(-np.abs(Z)))",
)
SIGN_OF_COST = Slip("sign of the cost", "the minus is missing", "cost = -(...).sum() / m")
BASE_2 = Slip("log base", "this is the logarithm to base 2", "np.log, not np.log2")
BASE_10 = Slip("log base", "this is the logarithm to base 10", "np.log, not np.log10")
ONE_CLASS = Slip(
    "half of the loss missing",
    "only one class counts",
    "Y * np.log(A) + (1 - Y) * np.log(1 - A)",
)
SQUARED = Slip(
    "squared error",
    "the cost of logistic regression is the log loss; squared error is not convex here",
    "cost = -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum() / m",
)

# optimize
ASCENT = Slip(
    "gradient ascent", "the parameters climb the cost", "w = w - learning_rate * dw   (and b)"
)
NOT_UPDATED = Slip(
    "parameters not updated",
    "w and b come back as they went in",
    "w = w - learning_rate * dw; b = b - learning_rate * db   (inside the loop)",
)
W_NOT_UPDATED = Slip(
    "parameters not updated", "w comes back as it went in", "w = w - learning_rate * dw"
)
B_NOT_UPDATED = Slip(
    "parameters not updated", "b comes back as it went in", "b = b - learning_rate * db"
)
NO_RATE = Slip(
    "learning rate forgotten", "the step is dw, not alpha dw", "w = w - learning_rate * dw"
)
ITERATIONS = Slip(
    "number of iterations", "one step too few or too many", "for i in range(num_iterations):"
)
SUMMED_STEP = Slip(
    "1/m missing", "the steps are m times too long", "dw = X @ dZ.T / m in propagate"
)
B_ARRAY = Slip("b is an array", "b must be one number", "b = b - learning_rate * db, db a number")
COST_LATE = Slip(
    "cost recorded after the update",
    "the cost belongs to the parameters before the step",
    "costs.append(cost) with the cost that propagate returned, before w and b change",
)
COST_EVERY = Slip(
    "cost recorded at every iteration",
    "due at 0, 100, 200, ...",
    "if i % 100 == 0: costs.append(cost)",
)
COST_FIRST = Slip(
    "first cost missing", "iteration 0 counts too", "if i % 100 == 0: costs.append(cost)"
)
COST_NONE = Slip("no cost recorded", "costs is empty", "if i % 100 == 0: costs.append(cost)")
GRADS_LATE = Slip(
    "gradients taken after the update",
    "grads are those of the last step, before its update",
    "grads, cost = propagate(w, b, X, Y) first, then the update",
)

# predict
AT_HALF = Slip(
    "0.5 counted as class 1", "an a of exactly 0.5 is class 0", "(A > 0.5), not (A >= 0.5)"
)
INVERTED = Slip("classes swapped", "1 is due where a > 0.5", "(A > 0.5).astype(int)")
NOT_LABELS = Slip("labels not 0 or 1", "a prediction is a label", "(A > 0.5).astype(int)")
LABEL_BIAS = Slip("b forgotten", "z has no bias", "A = sigmoid(w.T @ X + b)")
COLUMN_LABELS = Slip(
    "labels transposed", "the labels are a row, (1, m), like Y", "A = sigmoid(w.T @ X + b) is a row"
)

# cost
NAN_COST_OF_A = Slip(
    "cost is nan at a = 0 or 1",
    "0 * log(0) is nan: the absent class's term must be left out, not multiplied by 0",
    "take the chance of what was true: -np.log(np.where(Y == 1, A, 1 - A)).mean()",
)

# center, a broadcast
MEAN_RANK_1 = Slip(
    "mean of rank 1",
    "the mean has shape (n_x,): NumPy reads it as a row, so column j lost the mean of feature j",
    "X.mean(axis=1, keepdims=True) is a column, (n_x, 1), and is copied across the examples",
)
MEAN_OF_EXAMPLES = Slip(
    "mean over the features",
    "each example lost its own mean: axis 0 runs over the features",
    "X.mean(axis=1, keepdims=True): axis 1 runs over the m examples",
)
MEAN_OF_ALL = Slip(
    "one mean for all",
    "the mean of all numbers was taken away, not that of each feature",
    "X.mean(axis=1, keepdims=True)",
)
SIGN_OF_MEAN = Slip("sign of the mean", "the mean was added", "X - mean")
NOT_CENTERED = Slip("nothing done", "X comes back as it went in", "return X - mean")
MEAN_ONLY = Slip("the mean alone", "the mean came back, not X less the mean", "return X - mean")

# images_to_columns, a reshape
SCRAMBLED = Slip(
    "pictures scrambled",
    "reshape(n_x, m) has the right shape, but each column holds pixels of all the pictures",
    "one row a picture first, then turn: images.reshape(m, -1).T",
)
PICTURES_AS_ROWS = Slip(
    "pictures as rows", "an example is a column here", "images.reshape(m, -1).T"
)
CHANNEL_BY_CHANNEL = Slip(
    "channel by channel",
    "all reds come first: the lesson's order is pixel by pixel, red green blue",
    "images.reshape(m, -1).T, with no transpose before it",
)
DOWN_FIRST = Slip(
    "down before across",
    "the column runs down the picture first: the lesson's order is row by row",
    "images.reshape(m, -1).T, with no transpose and no order before it",
)
LAST_FIRST = Slip("order of the pictures", "the last picture came first", "column i is picture i")

# backward, of one example
SLOPE_TWICE = Slip(
    "slope of sigma twice",
    "a - y holds the factor a (1 - a) already: it cancelled against dJ/da",
    "dz = a - y",
)
DA_FOR_DZ = Slip("dJ/da in place of dJ/dz", "the factor a (1 - a) is missing", "dz = a - y")
X_FORGOTTEN = Slip("x forgotten", "every weight got db", "dw = x * dz")
X_IN_DB = Slip("x in db", "b has no feature: dz/db is 1", "db = dz")

# with_squares
DOUBLED = Slip("doubled, not squared", "2 X is no new feature: the line stays a line", "X**2")
PRODUCT_FOR_SQUARE = Slip("product, not squares", "this is x_1 x_2", "X**2 squares each entry")
SQUARES_FIRST = Slip("squares first", "x_1 and x_2 come first", "np.vstack([X, X**2])")
TURNED_X = Slip("examples as rows", "an example is a column here", "np.vstack([X, X**2])")
