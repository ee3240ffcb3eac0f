"""PyTorch's operator database as a source: what becomes of a sample, and that a planted fault is found."""

import random
from functools import cache

import numpy as np
import pytest

from gradcheck.defects import TABLE
from gradcheck.judge.verdicts import Status
from gradcheck.options import Options
from gradcheck.sources import Drawing, examine

torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
pytest.importorskip("expecttest", reason="pip install 'gradcheck[opinfo]'")

from torch.testing._internal.opinfo.core import OpInfo, SampleInput  # noqa: E402 - needs expecttest

from gradcheck import discovery  # noqa: E402
from gradcheck_torch import counterparts, opinfo  # noqa: E402

SOURCE = opinfo.OpInfoSource()
DOUBLE = torch.testing._internal.common_dtype.floating_types()


class HalfSine(torch.autograd.Function):
    """The sine with half its derivative."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * ctx.saved_tensors[0].cos() / 2


def numbers(*shape):
    return torch.linspace(0.3, 1.7, int(np.prod(shape)), dtype=torch.float64).reshape(shape).requires_grad_()


def entry(operator, *samples, **facts):
    """An entry of a made-up operator."""
    op = OpInfo(
        "made_up",
        op=operator,
        dtypes=DOUBLE,
        supports_out=False,
        sample_inputs_func=lambda info, device, dtype, requires_grad, **rest: iter(samples),
        **facts,
    )
    return opinfo.entry_of(op)


def checked(operator, *samples, count=1, options=None, **facts):
    return examine(SOURCE, entry(operator, *samples, **facts), options or Options(), count)


@cache
def known():
    return {e.name: e for e in SOURCE.entries()}


# -- what is wrong is found, and what cannot be checked says why --------------------------------


def test_a_wrong_backward_is_found():
    found = checked(HalfSine.apply, SampleInput(numbers(3)))
    assert found.report.verdict("torch", "vjp").status is Status.WRONG
    assert found.report.verdict("torch", "vjp").argument == "input"
    assert checked(torch.sin, SampleInput(numbers(3)), supports_forward_ad=True).status is Status.AGREE


def test_a_wrong_gradient_of_a_keyword_is_named():
    found = checked(lambda x, *, weight: x * HalfSine.apply(weight), SampleInput(numbers(2), weight=numbers(2)))
    assert found.report.verdict("torch", "vjp").argument == "weight"


@pytest.mark.parametrize(
    ("operator", "sample", "reason"),
    [
        (torch.argmax, SampleInput(numbers(3)), "no output can be differentiated: torch.int64"),
        (torch.isnan, SampleInput(numbers(3)), "no output can be differentiated: torch.bool"),
        (torch.sin, SampleInput(numbers(3).detach()), "a sample has nothing to differentiate"),
        (torch.sin, SampleInput(numbers(3).detach().to_sparse().requires_grad_()), "not a dense tensor: sparse_coo"),
        (lambda x: x.to_sparse(), SampleInput(numbers(3)), "an output is not a dense tensor: sparse_coo"),
        (torch.cholesky, SampleInput(numbers(3)), "raises in torch itself: RuntimeError"),
        (torch.sin, SampleInput((numbers(3).detach() / 0).requires_grad_()), "an input that is not finite"),
        (lambda x: (x - 2).log(), SampleInput(numbers(3)), "a sample's output is NaN"),
        (torch.Tensor.half, SampleInput(numbers(3)), "low precision: torch.float16"),
    ],
    ids=["integer", "boolean", "constant", "sparse", "sparse output", "raises", "infinite", "undefined", "half"],
)
def test_why_a_sample_cannot_be_checked(operator, sample, reason):
    found = checked(operator, sample)
    assert found.samples == 0
    assert reason in found.reason


def test_why_an_entry_cannot_be_checked():
    sample = SampleInput(numbers(3))
    assert entry(torch.sin, sample, supports_autograd=False).obstacle == "has no autograd"
    single = entry(torch.sin, sample, backward_dtypes=(torch.float32,))
    assert single.obstacle == "has no autograd in double precision on the CPU"
    assert checked(torch.sin).reason == "has no samples"


def test_samples_that_cannot_be_checked_leave_room_for_others():
    found = checked(torch.sin, SampleInput(numbers(3).detach()), SampleInput(numbers(4)), count=2)
    assert (found.samples, found.reason) == (1, "a sample has nothing to differentiate")


# -- how samples are chosen and called ----------------------------------------------------------


def chosen(*samples, count=2):
    drawn = entry(torch.sin, *samples).draw(Drawing(count))
    return [(point, inputs.arrays[0].shape) for case in drawn.cases for point, inputs in case.points().items()]


def test_small_samples_come_first_and_empty_ones_last():
    samples = [SampleInput(numbers(*shape)) for shape in ((0,), (9, 9), (2, 3), (), (3,))]
    assert chosen(*samples) == [("sample 2", (2, 3)), ("sample 3", ())]
    assert chosen(*samples, count=9)[2:] == [("sample 4", (3,)), ("sample 1", (9, 9)), ("sample 0", (0,))]


def test_samples_that_differ_in_numbers_only_are_one():
    twice = [SampleInput(numbers(3)), SampleInput((numbers(3).detach() + 1).requires_grad_())]
    assert chosen(*twice) == [("sample 0", (3,))]


def test_only_what_wants_a_gradient_is_differentiated():
    constant = torch.tensor([2.0, 3.0], dtype=torch.float64)
    sample = SampleInput(
        [numbers(2), numbers(2)], args=(2, constant), kwargs={"scale": numbers(), "power": 3, "name": None}
    )

    def operator(xs, number, c, *, scale, power, name):
        return xs[0] ** power * c * number + xs[1] * scale

    (case,) = entry(operator, sample).draw(Drawing()).cases
    assert case.function.parameters == ("input[0]", "input[1]", "scale")
    assert checked(operator, sample).status is Status.AGREE


def test_outputs_that_are_not_differentiable_are_left_aside():
    assert checked(lambda x: (x.argmax(), x.detach(), x.sin()), SampleInput(numbers(3))).status is Status.AGREE


def test_an_operator_in_place_gets_copies():
    assert checked(lambda x: x.mul_(2).sin_(), SampleInput(numbers(3))).status is Status.AGREE


def test_constants_that_an_operator_changes_are_copied():
    counter = torch.zeros(3, dtype=torch.float64)
    sample = SampleInput(numbers(3), counter)
    assert checked(lambda x, c: x * c.add_(1), sample).status is Status.AGREE


def test_the_wrapper_and_what_is_done_with_the_output_belong_to_the_function():
    symmetric = {"gradcheck_wrapper": lambda op, x: op(x @ x.mT)}
    square = (numbers(3, 3).detach() + torch.eye(3, dtype=torch.float64)).requires_grad_()
    assert checked(torch.linalg.cholesky, SampleInput(square), **symmetric).status is Status.AGREE
    sample = SampleInput(square, output_process_fn_grad=lambda out: out[1] * 2)
    assert checked(torch.linalg.slogdet, sample).status is Status.AGREE


def test_random_numbers_are_the_same_in_every_call():
    found = checked(lambda x: torch.nn.functional.dropout(x, 0.5), SampleInput(numbers(9)))
    assert found.report.verdict("torch", "vjp").status is Status.AGREE


def test_drawing_is_seeded_and_leaves_the_random_states_alone():
    before = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()
    first, second, other = (known()["add"].draw(Drawing(1, seed)).cases[0].points() for seed in (0, 0, 1))
    np.testing.assert_array_equal(first["sample 0"].arrays[0], second["sample 0"].arrays[0])
    assert not np.array_equal(first["sample 0"].arrays[0], other["sample 0"].arrays[0])
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert torch.equal(torch.get_rng_state(), before[2])


def test_single_precision_is_drawn_as_such():
    constant = torch.tensor([2.0, 3.0], dtype=torch.float32)
    sample = SampleInput(numbers(2).detach().float().requires_grad_(), constant)
    assert checked(torch.mul, sample, options=Options(dtype="float32")).status is Status.AGREE


@pytest.mark.slow
def test_a_sample_can_be_compiled():
    lack = discovery.load("torch").missing("compile")
    if lack:
        pytest.skip(f"torch:compile needs {lack}")
    sample = SampleInput(numbers(3), torch.tensor([2.0, 3.0, 4.0], dtype=torch.float64), n=2)
    found = checked(lambda x, c, *, n: x.sin() * c**n, sample, options=Options(backends=("torch:compile",)))
    assert found.status is Status.AGREE


# -- the database -------------------------------------------------------------------------------


def test_the_database_is_all_there():
    entries = SOURCE.entries()
    assert len(entries) == len(known()) > 600
    assert sum(not e.obstacle for e in entries) > 500
    assert [e.name for e in SOURCE.select(["nn.functional.pad"])] == [
        f"nn_functional_pad_{mode}" for mode in ("constant", "reflect", "replicate", "replicate_negative", "circular")
    ]


def test_what_upstream_skips_is_said():
    assert known()["abs"].remark == ""
    assert known()["sparse_sampled_addmm"].remark.startswith("also skipped upstream: test_fn_grad")


def test_labels_are_not_differentiated():
    (case,) = known()["nn_functional_hinge_embedding_loss"].draw(Drawing(1)).cases
    assert case.function.parameters == ("input",)


def test_numpys_definition_and_jax_take_part():
    (case,) = known()["sin"].draw(Drawing(1)).cases
    names = {"torch", "numpy"} | ({"jax"} if not isinstance(discovery.find("jax"), discovery.Absence) else set())
    assert set(case.function.native) == names
    found = examine(SOURCE, known()["sin"], Options(), 1)
    assert {str(v.engine) for v in found.report.verdicts} >= {"torch", "torch:forward", "numerical"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")  # torch's, of vmap over a loop
@pytest.mark.parametrize(
    "name",
    [
        "abs", "as_strided_partial_views", "atan2", "cumprod", "index_put", "istft", "linalg_cholesky", "linalg_eigh",
        "linalg_svd", "nn_functional_batch_norm", "nn_functional_conv2d", "nn_functional_ctc_loss",
        "nn_functional_dropout", "scatter_reduce_amax", "special_xlog1py", "view_as_complex", "where",
    ],
)  # fmt: skip
def test_real_entries(name):
    found = examine(SOURCE, known()[name], Options(), 1)
    assert found.samples == 1
    assert found.report, str(found.report)


@pytest.mark.slow
def test_every_name_of_jax_has_the_same_values():
    pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    compared = {name: values_of_jax(name) for name in counterparts.JAX}
    assert [name for name, count in compared.items() if not count] == []


def values_of_jax(operator):
    """Hold JAX's values of an operator against PyTorch's, and return at how many samples."""
    count = 0
    backend = discovery.load("jax")
    for e in SOURCE.select([operator]):
        for case in () if e.obstacle else e.draw(Drawing(3)).cases:
            forms = case.function.native
            if "jax" not in forms:
                continue
            (inputs,) = case.points().values()
            with backend.scope():
                ours = [np.asarray(a) for a in opinfo.flat(forms["jax"](*inputs.arrays))]
            theirs = opinfo.flat(forms["torch"](*map(torch.from_numpy, map(np.array, inputs.arrays))))
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(one, other.resolve_conj().numpy(), rtol=1e-9, atol=1e-12, err_msg=e.name)
            count += 1
    return count


def test_the_table_of_known_defects_names_entries_that_there_are():
    entries = {f"{SOURCE.name}:{entry.name}" for entry in SOURCE.entries() if not entry.obstacle}
    named = {name for row in TABLE for name in row.samples}
    assert named
    assert named <= entries
