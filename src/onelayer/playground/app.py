# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""The lesson as a marimo app: what there is to move, wired to the chapters."""

import marimo

app = marimo.App(width="full", app_title="Logistic regression is one neuron")


@app.cell
def imports():
    """Everything that is shown comes from the chapters."""
    import marimo as mo

    from onelayer.errors import DataError, MissingExtraError, UsageError
    from onelayer.playground import page
    from onelayer.playground.chapters import (
        broadcasting,
        descent,
        everything,
        graph,
        loss,
        neuron,
        picture,
        training,
        vectorisation,
    )

    def answered(answer):
        return mo.Html(page.answered(answer))

    def controls(*parts):
        body = "".join(mo.as_html(part).text for part in parts)
        return mo.Html(f'<div class="lesson controls">{body}</div>')

    def opened(chapter, *parts):
        return mo.Html(page.opening(chapter) + (controls(*parts).text if parts else ""))

    def slider(label, start, stop, step, value):
        return mo.ui.slider(
            start=start, stop=stop, step=step, value=value, label=label, show_value=True
        )

    def complaint(error):
        return mo.Html(page.complained(str(error)))

    return (
        DataError,
        MissingExtraError,
        UsageError,
        answered,
        broadcasting,
        complaint,
        controls,
        descent,
        everything,
        graph,
        loss,
        mo,
        neuron,
        opened,
        page,
        picture,
        slider,
        training,
        vectorisation,
    )


@app.cell
def title(mo, page):
    """Show the head of the page."""
    mo.Html(page.title())


@app.cell
def neuron_controls(neuron, opened, slider):
    """Chapter 1."""
    n_x1 = slider("$x_1$", -2, 2, 0.1, 1.0)
    n_x2 = slider("$x_2$", -2, 2, 0.1, 0.5)
    n_w1 = slider("$w_1$", -1, 1, 0.1, 0.8)
    n_w2 = slider("$w_2$", -1, 1, 0.1, -0.4)
    n_b = slider("$b$", -2, 2, 0.1, 0.3)
    opened(neuron.NEURON, n_x1, n_x2, n_w1, n_w2, n_b)
    return n_b, n_w1, n_w2, n_x1, n_x2


@app.cell
def neuron_answer(answered, n_b, n_w1, n_w2, n_x1, n_x2, neuron):
    """Answer chapter 1."""
    answered(neuron.answer((n_x1.value, n_x2.value), (n_w1.value, n_w2.value), n_b.value))


@app.cell
def loss_controls(loss, mo, opened, slider):
    """Chapter 2, first part."""
    l_a = slider("$a$", 0.01, 0.99, 0.01, 0.8)
    l_y = mo.ui.radio(options={"y = 1": 1, "y = 0": 0}, value="y = 1", inline=True)
    opened(loss.LOSS, l_a, l_y)
    return l_a, l_y


@app.cell
def loss_answer(answered, l_a, l_y, loss):
    """Answer the first part of chapter 2."""
    answered(loss.one(l_a.value, l_y.value))


@app.cell
def cost_controls(controls, slider):
    """Chapter 2, second part."""
    c_w = slider("$w$", -3, 5, 0.1, 0.0)
    c_b = slider("$b$", -3, 3, 0.1, 0.0)
    controls(c_w, c_b)
    return c_b, c_w


@app.cell
def cost_answer(answered, c_b, c_w, loss):
    """Answer the second part of chapter 2."""
    answered(loss.every(c_w.value, c_b.value))


@app.cell
def descent_state(mo):
    """How many steps were taken: buttons and slider agree on it."""
    get_steps, set_steps = mo.state(8)
    return get_steps, set_steps


@app.cell
def descent_rate(descent, mo, opened):
    """Chapter 3: the learning rate."""
    d_alpha = mo.ui.slider(steps=list(descent.RATES), value=0.5, label=r"$\alpha$", show_value=True)
    opened(descent.DESCENT)
    return (d_alpha,)


@app.cell
def descent_buttons(descent, mo, set_steps):
    """Chapter 3: step, run, start again."""

    def walk(further):
        return lambda _: set_steps(lambda steps: min(steps + further, descent.MOST))

    d_step = mo.ui.button(label="One step", on_change=walk(1))
    d_run = mo.ui.button(label="Run 20 steps", on_change=walk(20))
    d_again = mo.ui.button(label="Start again", on_change=lambda _: set_steps(0))
    return d_again, d_run, d_step


@app.cell
def descent_steps(descent, get_steps, mo, set_steps):
    """Chapter 3: the steps so far; made anew at each, so it sends its value when let go."""
    d_steps = mo.ui.slider(
        start=0,
        stop=descent.MOST,
        value=get_steps(),
        label="steps",
        show_value=True,
        debounce=True,
        on_change=set_steps,
    )
    return (d_steps,)


@app.cell
def descent_controls(controls, d_again, d_alpha, d_run, d_step, d_steps):
    """Chapter 3: all that there is to move."""
    controls(d_alpha, d_steps, d_step, d_run, d_again)


@app.cell
def descent_answer(answered, d_alpha, descent, get_steps):
    """Answer chapter 3."""
    answered(descent.answer(d_alpha.value, get_steps()))


@app.cell
def graph_controls(graph, mo, opened, slider):
    """Chapter 4."""
    g_x1 = slider("$x_1$", -3, 3, 0.1, 1.0)
    g_x2 = slider("$x_2$", -3, 3, 0.1, 2.0)
    g_w1 = slider("$w_1$", -2, 2, 0.1, 0.8)
    g_w2 = slider("$w_2$", -2, 2, 0.1, -0.5)
    g_b = slider("$b$", -2, 2, 0.1, 0.1)
    g_y = mo.ui.radio(options={"y = 1": 1, "y = 0": 0}, value="y = 1", inline=True)
    g_slip = mo.ui.dropdown(
        options=list(graph.SLIPS), value="none", allow_select_none=False, label="slip in backward"
    )
    opened(graph.GRAPH, g_x1, g_x2, g_w1, g_w2, g_b, g_y, g_slip)
    return g_b, g_slip, g_w1, g_w2, g_x1, g_x2, g_y


@app.cell
def graph_answer(answered, g_b, g_slip, g_w1, g_w2, g_x1, g_x2, g_y, graph):
    """Answer chapter 4."""
    _x, _w = (g_x1.value, g_x2.value), (g_w1.value, g_w2.value)
    answered(graph.answer(_x, _w, g_b.value, g_y.value, g_slip.value))


@app.cell
def vectorisation_controls(mo, opened, vectorisation):
    """Chapter 5."""
    v_m = mo.ui.slider(
        steps=[10, 30, 100, 300, 1000, 3000], value=300, label="$m$", show_value=True
    )
    v_n = mo.ui.slider(steps=[4, 16, 64, 256], value=64, label="$n_x$", show_value=True)
    v_again = mo.ui.button(label="Time it again")
    opened(vectorisation.VECTORISATION, v_m, v_n, v_again)
    return v_again, v_m, v_n


@app.cell
def vectorisation_answer(answered, v_again, v_m, v_n, vectorisation):
    """Answer chapter 5; the button makes this run again."""
    _ = v_again.value
    answered(vectorisation.answer(v_m.value, v_n.value))


@app.cell
def picture_controls(mo, opened, picture):
    """Chapter 6: whose picture."""
    p_file = mo.ui.file(filetypes=list(picture.SUFFIXES), label="Your own picture")
    p_side = mo.ui.slider(
        steps=list(picture.SIDES), value=16, label="its pixels a side", show_value=True
    )
    opened(picture.PICTURE, p_file, p_side)
    return p_file, p_side


@app.cell
def picture_read(
    DataError, MissingExtraError, complaint, controls, p_file, p_side, picture, slider
):
    """Chapter 6: which of its pixels; or what is wrong with the file."""
    try:
        p_image = picture.opened(p_file.contents(), p_side.value)
        _trouble = None
    except (DataError, MissingExtraError) as _error:
        p_image, _trouble = picture.opened(None), complaint(_error)
    p_row = slider("row", 0, len(p_image) - 1, 1, min(5, len(p_image) - 1))
    p_column = slider("column", 0, len(p_image) - 1, 1, min(4, len(p_image) - 1))
    _trouble or controls(p_row, p_column)
    return p_column, p_image, p_row


@app.cell
def picture_answer(answered, p_column, p_image, p_row, picture):
    """Answer chapter 6."""
    answered(picture.answer(p_image, p_row.value, p_column.value))


@app.cell
def broadcasting_controls(broadcasting, mo, opened):
    """Chapter 7."""
    b_a = mo.ui.text(value="(5, 1)", label="a", debounce=200)
    b_b = mo.ui.text(value="(5,)", label="b", debounce=200)
    opened(broadcasting.BROADCASTING, b_a, b_b)
    return b_a, b_b


@app.cell
def broadcasting_answer(answered, b_a, b_b, broadcasting):
    """Answer chapter 7."""
    answered(broadcasting.answer(b_a.value, b_b.value))


@app.cell
def task_controls(everything, mo, opened):
    """Chapter 8: what to train on."""
    t_folder = mo.ui.text(
        placeholder="photos/", label="your own folder, a sub-folder of pictures a class"
    )
    opened(everything.EVERYTHING, t_folder)
    return (t_folder,)


@app.cell
def task_read(DataError, UsageError, complaint, controls, mo, t_folder, training):
    """Chapter 8: read the folder, or take the digits; ask which class."""
    t_read, t_wanted, _shown = None, None, None
    if t_folder.value.strip():
        try:
            t_read = training.read(t_folder.value.strip())
            t_wanted = mo.ui.dropdown(
                options=list(t_read.classes),
                value=t_read.classes[0],
                allow_select_none=False,
                label="which class is 1",
            )
            _shown = controls(t_wanted)
        except (DataError, UsageError, OSError) as _error:
            _shown = complaint(_error)
    _shown
    return t_read, t_wanted


@app.cell
def task_made(t_read, t_wanted, training):
    """Chapter 8: the task; nothing where the folder is being mended."""
    task = (
        training.digits() if t_read is None else training.one_against_rest(t_read, t_wanted.value)
    )
    return (task,)


@app.cell
def train_controls(controls, mo, training):
    """Chapter 8: how far to walk."""
    e_steps = mo.ui.slider(steps=list(training.MARKS), value=100, label="steps", show_value=True)
    controls(e_steps)
    return (e_steps,)


@app.cell
def train_answer(answered, e_steps, everything, task):
    """Answer the first part of chapter 8."""
    answered(everything.train(e_steps.value, task))


@app.cell
def fool_controls(controls, mo, picture, slider):
    """Chapter 8: one picture, disturbed."""
    f_file = mo.ui.file(filetypes=list(picture.SUFFIXES), label="Your own photograph")
    f_example = slider("which of the test", 0, 20, 1, 0)
    f_shift = slider("pixels to the right", -3, 3, 1, 0)
    f_inverted = mo.ui.checkbox(label="dark and bright swapped")
    controls(f_file, f_example, f_shift, f_inverted)
    return f_example, f_file, f_inverted, f_shift


@app.cell
def fool_answer(
    DataError,
    MissingExtraError,
    answered,
    complaint,
    everything,
    f_example,
    f_file,
    f_inverted,
    f_shift,
    task,
):
    """Answer the second part of chapter 8."""
    try:
        _given = {"inverted": f_inverted.value, "file": f_file.contents(), "task": task}
        _shown = answered(everything.fool(f_example.value, f_shift.value, **_given))
    except (DataError, MissingExtraError) as _error:
        _shown = complaint(_error)
    _shown


@app.cell
def ending(everything, mo, page):
    """Show the last words."""
    mo.Html(page.closing(everything.EVERYTHING))


if __name__ == "__main__":
    app.run()
