"""The rows of the table of known defects, framework by framework."""

from __future__ import annotations

from gradcheck.defects.row import Defect
from gradcheck.judge.verdicts import Status

ERROR, INCONCLUSIVE, NONFINITE, WRONG = Status.ERROR, Status.INCONCLUSIVE, Status.NONFINITE, Status.WRONG

TABLE: tuple[Defect, ...] = (
    Defect(
        "torch",
        "torch==2.13.*",
        "trigamma has ten digits in double precision: its asymptotic series is cut short",
        {
            "beta_log_density[ordinary]": {"hessian": WRONG},
            "chi_square_log_density[near the edge]": {"hessian": WRONG},
            "chi_square_log_density[ordinary]": {"hessian": WRONG},
            "digamma_edges[negative]": {"gradient": WRONG},
            "digamma_edges[ordinary]": {"gradient": WRONG},
            "dirichlet_log_density[near a corner]": {"hvp": WRONG},
            "dirichlet_log_density[ordinary]": {"hvp": WRONG},
            "dirichlet_multinomial_log_mass[ordinary]": {"hvp": WRONG},
            "dirichlet_multinomial_log_mass[sparse]": {"hvp": WRONG},
            "evidential_regression[ordinary]": {"hvp": WRONG},
            "fisher_log_density[far tail]": {"hvp": WRONG},
            "fisher_log_density[near the edge]": {"hvp": WRONG},
            "fisher_log_density[ordinary]": {"hvp": WRONG},
            "gamma_function[negative]": {"hvp": WRONG},
            "gamma_function[ordinary]": {"hvp": WRONG},
            "gamma_log_density[ordinary]": {"hessian": WRONG},
            "generalised_normal_log_density[nearly uniform]": {"hessian": WRONG},
            "generalised_normal_log_density[ordinary]": {"hessian": WRONG},
            "inverse_gamma_log_density[near the edge]": {"hessian": WRONG},
            "inverse_gamma_log_density[ordinary]": {"hessian": WRONG},
            "kl_of_betas[at the edge of the support]": {"gradient": WRONG},
            "kl_of_betas[ordinary]": {"gradient": WRONG},
            "kl_of_dirichlets[ordinary]": {"gradient": WRONG, "hvp": WRONG},
            "kl_of_gammas[nearly equal]": {"gradient": WRONG, "hvp": WRONG},
            "kl_of_gammas[ordinary]": {"gradient": WRONG, "hvp": WRONG},
            "multivariate_student_log_density[far tail]": {"hvp": WRONG},
            "multivariate_student_log_density[ordinary]": {"hvp": WRONG},
            "negative_binomial_log_mass[ordinary]": {"hessian": WRONG},
            "student_log_density[far tail]": {"hessian": WRONG},
            "student_log_density[ordinary]": {"hessian": WRONG},
            "wishart_log_density[ordinary]": {"hvp": WRONG},
        },
        "https://github.com/pytorch/pytorch/pull/4399",
        samples={
            "torch-opinfo:digamma": ("vjp", "jvp"),
            "torch-opinfo:polygamma_polygamma_n_0": ("value", "vjp", "jvp"),
            "torch-opinfo:polygamma_polygamma_n_1": ("value", "vjp", "jvp"),
            "torch-opinfo:polygamma_polygamma_n_2": ("value", "vjp", "jvp"),
            "torch-opinfo:polygamma_polygamma_n_3": ("value", "vjp", "jvp"),
            "torch-opinfo:polygamma_polygamma_n_4": ("value", "vjp", "jvp"),
            "torch-opinfo:special_polygamma_special_polygamma_n_0": ("value", "vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the second derivative of logaddexp, or softplus, is NaN beyond 709 (in single precision 88): inf / inf",
        {
            "binary_cross_entropy_with_weights[saturated]": {"hvp": NONFINITE},
            "direct_preference[saturated]": {"hvp": NONFINITE},
            "log_sigmoid[saturated]": {"hvp": NONFINITE},
            "native.mish[saturated]": {"hvp": NONFINITE},
            "running_log_sum_exp[far apart]": {"hvp": NONFINITE},
            "serf[saturated]": {"hvp": NONFINITE},
        },
        "https://github.com/pytorch/pytorch/issues/196704",
        single={
            "logistic_log_density[far tail]": {"hessian": NONFINITE},
            "native.log_cosh[far]": {"hvp": NONFINITE},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the second derivative of sinc at 0 is NaN or 0",
        {
            "cardinal_sine_centre[zero]": {"hvp": WRONG},
            "damavandi[on the needle's axis]": {"hessian": NONFINITE},
            "native.sinc[at zero and integers]": {"jvp": NONFINITE},
            "native.sinc[tiny]": {"jvp": NONFINITE},
            "slit_diffraction[in the middle]": {"hvp": WRONG},
        },
        "https://github.com/pytorch/pytorch/issues/89459",
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the gradient of det at a singular matrix is 0, and loses digits near one",
        {
            "determinant[singular]": {"gradient": WRONG},
            "determinant[with a row of zeros]": {"gradient": WRONG},
            "native.determinant[singular]": {"gradient": WRONG},
            "native.determinant_of_order_four[singular]": {"gradient": WRONG},
        },
        "https://github.com/pytorch/pytorch/issues/104675",
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "tanh' is 1 - y**2, and 1 + tanh cancels in the left tail",
        {
            "gelu_tanh[left tail]": {"gradient": WRONG, "hvp": WRONG},
            "native.gelu_by_tanh_tail[saturated]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "second derivatives of normalised exponentials are differences that cancel",
        {
            "native.log_sigmoid[from 20 to 30]": {"hvp": WRONG},
            "native.log_sigmoid[saturated]": {"hvp": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "gammainc has ten digits where its parameter is large",
        {
            "incomplete_gamma_order[large order]": {"value": WRONG},
            "native.regularised_gamma[large parameter]": {"value": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "eigh and svd divide by the gap of repeated values, where the function of the matrix is smooth",
        {
            "native.square_root_by_eigenvectors[nearly equal]": {"jacobian": INCONCLUSIVE},
            "leading_eigenvector[others repeated]": {"hvp": WRONG},
            "matrix_tanh[repeated]": {"gradient": NONFINITE, "hvp": NONFINITE},
            "native.polar_factor[rotation]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
            "native.square_root_by_eigenvectors[equal]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
            "native.trace_of_exponential[equal eigenvalues]": {"hvp": NONFINITE},
            "nuclear_norm[repeated]": {"hvp": NONFINITE},
        },
        single={
            "matrix_tanh[nearly repeated]": {"hvp": INCONCLUSIVE},
            "leading_eigenvector[others repeated]": {"gradient": NONFINITE, "hvp": NONFINITE},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the gradient of logsumexp of nothing but minus infinity is NaN",
        {
            "left_to_right_model[states out of reach]": {"gradient": NONFINITE, "hvp": NONFINITE},
        },
        "https://github.com/pytorch/pytorch/issues/49724",
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "under torch.func the derivative is 0 in silence: the function has no rule",
        {
            "native.bessel_j0[ordinary]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.bessel_j0[small]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.chebyshev_polynomial[ends]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.chebyshev_polynomial[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.legendre_polynomial[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.legendre_polynomial[zero]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.modified_bessel_i0[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.modified_bessel_k0[large]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.modified_bessel_k0[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.scaled_bessel_k1[large]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.scaled_bessel_k1[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.spherical_bessel_j0[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
        },
        "https://github.com/pytorch/pytorch/pull/189872",
        samples={
            "torch-opinfo:nn_functional_linear_cross_entropy_chunked": ("vjp", "jvp"),
            "torch-opinfo:nn_functional_linear_cross_entropy_chunked_none": ("vjp", "jvp"),
            "torch-opinfo:scatter_reduce_prod": ("vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the double backward adds an epsilon to the denominator",
        {
            "native.binary_cross_entropy[nearly certain]": {"hvp": WRONG},
            "native.binary_cross_entropy[ordinary]": {"hvp": WRONG},
        },
        samples={
            "torch-opinfo:nn_functional_binary_cross_entropy": ("jvp",),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the rule of forward mode is wrong, the backward is right",
        {
            "native.cholesky_inverse[ordinary]": {"jacobian": WRONG, "jvp": WRONG},
        },
        "https://github.com/pytorch/pytorch/issues/196682",
        samples={
            "torch-opinfo:cholesky_inverse": ("vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the gradient at tiny numbers and at radius 0 divides 0 by 0",
        {
            "native.complex_angle[tiny]": {"gradient": NONFINITE},
            "native.polar_coordinates[radius zero]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the backward of cond raises for p = 1: a tensor was changed in place",
        {
            "native.condition_number_of_columns[ordinary]": {"gradient": ERROR},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the backward of ctc_loss takes its argument for a log_softmax",
        {
            "native.ctc_of_log_probabilities[ordinary]": {"gradient": WRONG},
        },
        "https://github.com/pytorch/pytorch/issues/52241",
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the gradient of eigvalsh reaches the triangle that is not read",
        {
            "native.eigenvalues_of_one_triangle[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "1 + erf(x / sqrt(2)) cancels in the left tail",
        {
            "native.gelu[deep tail]": {"gradient": WRONG, "hvp": WRONG},
            "native.gelu_tail[saturated]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG},
        },
        samples={
            "torch-opinfo:special_ndtr": ("value", "vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "1/6 is kept in single precision in the backward",
        {
            "native.hard_sigmoid[ordinary]": {"gradient": WRONG},
            "native.hard_sigmoid[saturated]": {"gradient": WRONG},
        },
        samples={
            "torch-opinfo:nn_functional_hardsigmoid": ("vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "forward mode adds an epsilon, and the double backward takes the logarithm of the cotangent",
        {
            "native.logcumsumexp[ascending]": {"jacobian": WRONG, "jvp": NONFINITE, "vjp": WRONG},
            "native.logcumsumexp[descending]": {"jvp": NONFINITE},
            "native.logcumsumexp[equal]": {"jvp": NONFINITE},
            "native.logcumsumexp[large]": {"jvp": NONFINITE},
            "native.logcumsumexp[ordinary]": {"jvp": NONFINITE},
        },
        "https://github.com/pytorch/pytorch/issues/196705",
        samples={
            "torch-opinfo:logcumsumexp": ("vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the backward is not linear: the cotangent takes part in the scaling",
        {
            "native.matrix_exponential[ordinary]": {"jacobian": WRONG, "vjp": WRONG},
            "native.matrix_exponential[rotation]": {"jacobian": WRONG, "vjp": WRONG},
        },
        samples={
            "torch-opinfo:matrix_exp": ("vjp",),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the polynomial of degree 8 has a wrong coefficient",
        {
            "native.matrix_exponential[small]": {"value": WRONG, "jacobian": WRONG, "vjp": WRONG},
        },
        "https://github.com/pytorch/pytorch/issues/196592",
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "log(1 + exp) overflows",
        {
            "native.soft_margin[saturated]": {"value": NONFINITE, "gradient": NONFINITE, "hvp": NONFINITE},
        },
        "https://github.com/pytorch/pytorch/issues/77529",
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "it is linear beyond the threshold of 20, as documented",
        {
            "native.softplus[above torch threshold]": {"value": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "through as_strided the gradient of an expanded input is divided among its aliases",
        {
            "native.spectrogram[ordinary]": {"gradient": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "abs'(0) = 0 drops a term where the composed function is smooth",
        {
            "schaffer_n4[on the diagonal]": {"hessian": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the second derivative of x ** y at x = 0 is 0 times infinity",
        {
            "whole_powers[zero]": {"hvp": NONFINITE},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the backward of log_ndtr adds x ** 2 / 2 to the value, which cancels",
        {
            "log_normal_distribution_function[far lower tail]": {"hvp": INCONCLUSIVE},
        },
        "https://github.com/pytorch/pytorch/pull/74795",
        single={
            "log_normal_distribution_function[far lower tail]": {"gradient": WRONG},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "2 x erfcx(x) - 2 / sqrt(pi) cancels, and its derivative has no digit left in single precision",
        {},
        single={
            "scaled_complementary_error_function[large]": {"hvp": INCONCLUSIVE},
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the backward of as_strided_scatter reaches what is overwritten, and nothing else",
        {
            "native.strided_update[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
        },
        samples={
            "torch-opinfo:as_strided_scatter": ("vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the backward of max_unpool gives each of the elements with one index what only the last should have",
        {},
        samples={
            "torch-opinfo:nn_functional_max_unpool1d": ("vjp", "jvp"),
            "torch-opinfo:nn_functional_max_unpool2d": ("vjp", "jvp"),
            "torch-opinfo:nn_functional_max_unpool3d": ("vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the derivative of a normal sample by its mean and deviation is 0",
        {},
        samples={
            "torch-opinfo:normal": ("vjp", "jvp"),
            "torch-opinfo:normal_number_mean": ("vjp", "jvp"),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "the double backward of native_layer_norm fails where one of weight and bias is None",
        {},
        samples={
            "torch-opinfo:native_layer_norm": ("jvp",),
        },
    ),
    Defect(
        "torch",
        "torch==2.13.*",
        "torch.func batches a tensor whose memory format is for four axes",
        {},
        samples={
            "torch-opinfo:to": ("vjp",),
        },
    ),
    Defect(
        "torch:compile",
        "torch==2.13.*",
        "Inductor's pushforward of index_add and index_copy is not that of aot_eager",
        {
            "native.merge_with_repeated_indices[ordinary]": {"jvp": WRONG},
            "native.segment_sum[ordinary]": {"jvp": WRONG},
        },
    ),
    Defect(
        "torch:compile",
        "torch==2.13.*",
        "the rules of forward mode of cholesky_inverse and logcumsumexp are wrong",
        {
            "native.cholesky_inverse[ordinary]": {"jvp": WRONG},
            "native.logcumsumexp[ascending]": {"jvp": WRONG},
            "native.logcumsumexp[descending]": {"jvp": WRONG},
            "native.logcumsumexp[equal]": {"jvp": WRONG},
            "native.logcumsumexp[large]": {"jvp": WRONG},
            "native.logcumsumexp[ordinary]": {"jvp": WRONG},
        },
        "https://github.com/pytorch/pytorch/issues/196705",
    ),
    Defect(
        "torch:compile",
        "torch==2.13.*",
        "a compiled Hessian fails a guard of its own",
        {
            "native.sparse_cross_entropy[ordinary]": {"hvp": ERROR},
            "native.sparse_cross_entropy[saturated]": {"hvp": ERROR},
            "native.spectrogram[ordinary]": {"hvp": ERROR},
            "native.squared_hinge[ordinary]": {"hvp": ERROR},
            "native.weighted_nll[ordinary]": {"hvp": ERROR},
        },
    ),
    Defect(
        "torch:compile",
        "torch==2.13.*",
        "Inductor's code reads the zeros that autograd did not make (a ZeroTensor): the process crashes",
        {
            "native.mean_squared_error[large]": {"hvp": ERROR},
            "native.mean_squared_error[ordinary]": {"hvp": ERROR},
        },
        "https://github.com/pytorch/pytorch/issues/197067",
    ),
    Defect(
        "torch:compile",
        "torch==2.13.*",
        "log(1 + exp) overflows in the eager forward",
        {
            "native.soft_margin[saturated]": {"gradient": INCONCLUSIVE},
        },
        "https://github.com/pytorch/pytorch/issues/77529",
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "bessel_jn is NaN at 0, and in single precision for many numbers",
        {
            "bessel_j0[zero]": {"value": NONFINITE, "gradient": NONFINITE, "hvp": NONFINITE},
            "bessel_j1[zero]": {"value": NONFINITE, "gradient": NONFINITE, "hvp": NONFINITE},
            "native.bessel_j0[small]": {"value": NONFINITE, "jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
        },
        single={
            "bessel_j0[large]": {"hvp": WRONG},
            "bessel_j0[ordinary]": {"value": NONFINITE, "gradient": NONFINITE, "hvp": NONFINITE},
            "bessel_j1[large]": {"hvp": WRONG},
            "bessel_j1[ordinary]": {"value": NONFINITE, "gradient": NONFINITE, "hvp": NONFINITE},
            "native.bessel_j0[ordinary]": {
                "value": NONFINITE,
                "jacobian": NONFINITE,
                "jvp": NONFINITE,
                "vjp": NONFINITE,
            },
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the series of trigamma and of its derivatives diverges below -6",
        {
            "digamma_edges[far below 0]": {"gradient": WRONG, "hvp": WRONG},
        },
        "https://github.com/jax-ml/jax/issues/37635",
        samples={
            "torch-opinfo:digamma": ("vjp", "jvp"),
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "betaln has six to nine digits for parameters beyond 8",
        {
            "beta_binomial_log_mass[large parameters]": {"value": WRONG},
            "beta_binomial_log_mass[ordinary]": {"value": WRONG},
            "beta_function[large]": {"value": WRONG},
            "log_beta_function[ordinary]": {"value": WRONG, "gradient": WRONG},
            "native.log_beta_of_rows[large]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
        },
        "https://github.com/jax-ml/jax/pull/13288",
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the gradient of spence at 1 is 0, and NaN around it",
        {
            "dilogarithm[around one]": {"gradient": NONFINITE, "hvp": NONFINITE},
            "dilogarithm[one]": {"gradient": WRONG, "hvp": WRONG},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the second derivative of logaddexp and softplus is p (1 - p), which cancels",
        {
            "softplus_with_sharpness[sharp]": {"hvp": WRONG},
        },
        "https://github.com/jax-ml/jax/issues/40387",
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "exp1 has no second derivative: it raises a TypeError",
        {
            "exponential_integral_e1[large]": {"hvp": ERROR},
            "exponential_integral_e1[ordinary]": {"hvp": ERROR},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the rule of hypot and norm squares what under- or overflows",
        {
            "hypotenuse_of_any_size[ordinary]": {"gradient": NONFINITE},
            "native.euclidean_norm[tiny]": {"gradient": WRONG},
            "native.hypot[large]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.hypot[tiny]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "eigh and svd divide by the gap of repeated values, where the function of the matrix is smooth",
        {
            "native.square_root_by_eigenvectors[nearly equal]": {"jacobian": INCONCLUSIVE},
            "leading_eigenvector[others repeated]": {"hvp": WRONG},
            "matrix_tanh[repeated]": {"gradient": NONFINITE, "hvp": NONFINITE},
            "native.polar_factor[rotation]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
            "native.square_root_by_eigenvectors[equal]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
            "native.trace_of_exponential[equal eigenvalues]": {"hvp": NONFINITE},
            "nuclear_norm[repeated]": {"hvp": NONFINITE},
        },
        "https://github.com/jax-ml/jax/issues/669",
        single={
            "leading_eigenvector[others repeated]": {"gradient": NONFINITE, "hvp": NONFINITE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the gradient of logsumexp of nothing but minus infinity is NaN",
        {
            "left_to_right_model[states out of reach]": {"gradient": NONFINITE, "hvp": NONFINITE},
        },
        "https://github.com/jax-ml/jax/issues/6811",
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the asymptotic series of log_ndtr is cut off after three terms",
        {
            "log_normal_distribution_function[far lower tail]": {"gradient": WRONG, "hvp": WRONG},
            "log_normal_distribution_function[lower tail]": {"hvp": WRONG},
            "skew_normal_log_density[far tail]": {"value": WRONG, "gradient": WRONG, "hessian": WRONG},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the derivatives of i0 and i1 at 0 are those of exp(abs(x))",
        {
            "modified_bessel_i0[zero]": {"gradient": WRONG, "hvp": WRONG},
            "modified_bessel_i1[zero]": {"hvp": WRONG},
        },
        "https://github.com/jax-ml/jax/issues/40628",
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "dot_product_attention takes its softmax in single precision",
        {
            "native.attention[ordinary]": {"value": WRONG, "gradient": INCONCLUSIVE},
            "native.attention[sharp]": {"value": WRONG, "gradient": INCONCLUSIVE},
            "native.biased_attention[ordinary]": {"value": WRONG, "gradient": INCONCLUSIVE},
            "native.causal_attention[ordinary]": {"value": WRONG},
            "native.grouped_query_attention[ordinary]": {"value": WRONG, "gradient": INCONCLUSIVE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the gradient under- or overflows where the value does not",
        {
            "native.complex_angle[tiny]": {"gradient": NONFINITE},
            "native.complex_division[large]": {"gradient": WRONG},
            "native.complex_division[tiny]": {"gradient": NONFINITE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the gradient of sign is 0 for complex numbers, too",
        {
            "native.complex_sign[ordinary]": {"gradient": WRONG},
            "native.complex_sign[tiny]": {"gradient": WRONG},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "scipy.linalg.eigh reads both triangles",
        {
            "native.eigenvalues_of_one_triangle[ordinary]": {"value": WRONG},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "tanh' is 1 - y**2, and 1 + tanh cancels in the left tail",
        {
            "native.gelu_by_tanh_tail[saturated]": {"value": WRONG},
            "native.tanh[saturated]": {"gradient": WRONG, "hvp": WRONG},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the pushforward of hyp2f1 is NaN",
        {
            "native.legendre_polynomial[ordinary]": {"jvp": NONFINITE},
            "native.legendre_polynomial[zero]": {"jvp": NONFINITE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the gradient by a weight of 0 is masked to 0",
        {
            "native.logsumexp_with_weights[zero weight]": {"gradient": WRONG, "hvp": WRONG},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "derivatives of normalised exponentials are differences that cancel",
        {
            "native.lstm_cell[saturated]": {"gradient": WRONG},
            "native.softmax_of_columns[saturated]": {"hvp": INCONCLUSIVE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the formula divides what underflows",
        {
            "native.sinc[tiny]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "x ** 0 by an array of exponents has a NaN derivative at 0",
        {
            "native.vandermonde[zero]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the second derivative of x ** y at x = 0 is NaN",
        {
            "perm[with a zero]": {"hessian": NONFINITE},
        },
        "https://github.com/jax-ml/jax/issues/20574",
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "2 x erfcx(x) - 2 / sqrt(pi) cancels, and its derivative has no digit left in single precision",
        {},
        single={
            "scaled_complementary_error_function[large]": {"hvp": INCONCLUSIVE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the variance is a difference of means of squares, which cancels in single precision",
        {},
        single={
            "native.layer_norm[far from zero]": {"gradient": INCONCLUSIVE, "hvp": INCONCLUSIVE},
            "native.layer_norm[nearly constant]": {"hvp": INCONCLUSIVE},
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "the gradient of norm at 0 is NaN: 0 / 0",
        {},
        samples={
            "torch-opinfo:linalg_norm_subgradients_at_zero": ("vjp", "jvp"),
        },
    ),
    Defect(
        "jax",
        "jax==0.10.*",
        "between 5 and 8 log_ndtr is the logarithm of a number beside 1",
        {},
        samples={
            "torch-opinfo:special_log_ndtr": ("value",),
        },
    ),
    Defect(
        "jax:eager",
        "jax==0.10.*",
        "run operation by operation, what underflows or saturates is not kept",
        {
            "native.sinc[tiny]": {"jvp": WRONG},
            "native.soft_margin[saturated]": {"hvp": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the rule of cumulative_logsumexp takes the logarithm of the cotangent, which costs digits",
        {
            "native.logcumsumexp[ascending]": {"vjp": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "in single precision the series of polygamma diverges below -6",
        {},
        single={
            "digamma_edges[far below 0]": {"gradient": NONFINITE, "hvp": NONFINITE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the derivatives of the Bessel functions at 0 are those of exp(abs(x)), or NaN",
        {
            "bessel_j1[zero]": {"hvp": NONFINITE},
            "modified_bessel_i0[zero]": {"hvp": WRONG},
            "modified_bessel_i1[zero]": {"gradient": WRONG, "hvp": NONFINITE},
        },
        "https://github.com/tensorflow/tensorflow/issues/120578",
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the gradient of det inverts the matrix, and raises at a singular one",
        {
            "determinant[singular]": {"gradient": ERROR, "hvp": ERROR},
            "determinant[with a row of zeros]": {"gradient": ERROR, "hvp": ERROR},
            "native.determinant[singular]": {"gradient": ERROR, "hvp": ERROR},
            "native.determinant_of_order_four[singular]": {"gradient": ERROR},
        },
        "https://github.com/tensorflow/tensorflow/issues/119477",
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the second derivative of spence at 1 is NaN",
        {
            "dilogarithm[one]": {"hvp": NONFINITE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "expint is NaN for negative numbers",
        {
            "exponential_integral_ei[negative]": {"value": NONFINITE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "squares under- or overflow: there is no scaled hypot",
        {
            "hypotenuse_of_any_size[ordinary]": {"value": NONFINITE, "gradient": NONFINITE},
            "native.complex_abs[tiny]": {"gradient": WRONG},
            "native.complex_log[large]": {"value": NONFINITE},
            "native.complex_log[tiny]": {"value": NONFINITE},
            "native.euclidean_norm[tiny]": {"gradient": WRONG},
            "native.hypot[large]": {
                "value": NONFINITE,
                "jacobian": INCONCLUSIVE,
                "jvp": INCONCLUSIVE,
                "vjp": INCONCLUSIVE,
            },
            "native.hypot[tiny]": {"value": WRONG, "jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the rules of eigh and svd put 0 for 1 / 0 at repeated values, and are wrong in silence",
        {
            "leading_eigenvector[others nearly repeated]": {"hvp": WRONG},
            "leading_eigenvector[others repeated]": {"hvp": WRONG},
            "matrix_tanh[repeated]": {"gradient": WRONG, "hvp": WRONG},
            "native.polar_factor[rotation]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.pseudo_inverse_of_equal_singular_values[ordinary]": {
                "jacobian": WRONG,
                "jvp": INCONCLUSIVE,
                "vjp": WRONG,
            },
            "native.square_root_by_eigenvectors[equal]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.trace_of_exponential[equal eigenvalues]": {"hvp": WRONG},
            "nuclear_norm[repeated]": {"hvp": WRONG},
        },
        single={
            "nuclear_norm[repeated]": {"hvp": INCONCLUSIVE},
            "native.trace_of_exponential[equal eigenvalues]": {"hvp": INCONCLUSIVE},
            "native.square_root_by_eigenvectors[nearly equal]": {"jacobian": INCONCLUSIVE},
            "native.square_root_by_eigenvectors[equal]": {
                "jacobian": INCONCLUSIVE,
                "jvp": INCONCLUSIVE,
                "vjp": INCONCLUSIVE,
            },
            "native.pseudo_inverse_of_equal_singular_values[ordinary]": {"jacobian": INCONCLUSIVE, "jvp": INCONCLUSIVE},
            "native.polar_factor[rotation]": {"jacobian": INCONCLUSIVE, "jvp": INCONCLUSIVE},
            "matrix_tanh[repeated]": {"gradient": INCONCLUSIVE, "hvp": INCONCLUSIVE},
            "matrix_tanh[nearly repeated]": {"hvp": INCONCLUSIVE},
            "leading_eigenvector[others repeated]": {"hvp": INCONCLUSIVE},
            "leading_eigenvector[others nearly repeated]": {"hvp": INCONCLUSIVE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the gradient of logsumexp of nothing but minus infinity is NaN",
        {
            "left_to_right_model[states out of reach]": {"gradient": NONFINITE, "hvp": NONFINITE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "Keras keeps constants in single precision",
        {
            "native.attention[ordinary]": {"value": WRONG},
            "native.attention[sharp]": {"value": WRONG},
            "native.attention_with_scale[ordinary]": {"value": WRONG},
            "native.log_cosh[far]": {"value": WRONG},
            "native.log_cosh[ordinary]": {"value": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "moments stops the gradient at the mean, which the second derivative needs",
        {
            "native.batch_norm_in_training[ordinary]": {"hvp": WRONG},
            "native.group_norm[ordinary]": {"hvp": WRONG},
            "native.instance_norm[ordinary]": {"hvp": WRONG},
            "native.layer_norm[far from zero]": {"hvp": WRONG},
            "native.layer_norm[nearly constant]": {"hvp": WRONG},
            "native.layer_norm[ordinary]": {"hvp": WRONG},
            "native.variance_and_mean[far from zero]": {"hvp": WRONG},
            "native.variance_and_mean[ordinary]": {"hvp": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "slogdet drops the gradient of the sign",
        {
            "native.complex_determinant[ordinary]": {"gradient": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the second derivative by logits and labels together is 0",
        {
            "native.cross_entropy[ordinary]": {"hvp": WRONG},
            "native.cross_entropy[saturated]": {"hvp": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the gradient takes for granted that labels add up to 1, as documented",
        {
            "native.cross_entropy_of_unnormalised_labels[ordinary]": {"gradient": WRONG, "hvp": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "ctc_loss takes double precision and fails inside: its constants are float32",
        {
            "native.ctc[ordinary]": {"value": ERROR, "gradient": ERROR},
            "native.ctc[saturated]": {"value": ERROR, "gradient": ERROR},
            "native.ctc_of_a_repeated_label[ordinary]": {"value": ERROR, "gradient": ERROR},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the gradient of cumprod divides by the input: 0 after a zero",
        {
            "native.cumulative_product[one zero]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.cumulative_product[two zeros]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.cumulative_product[zero first]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "power_sum[with a zero]": {"gradient": WRONG, "hessian": WRONG},
            "products_so_far[beginning at zero]": {"gradient": WRONG, "hvp": WRONG},
            "products_so_far[with a zero]": {"gradient": WRONG, "hvp": WRONG},
            "products_so_far[with two zeros]": {"gradient": WRONG, "hvp": WRONG},
        },
        "https://github.com/tensorflow/tensorflow/issues/119430",
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the gradient of rfft raises where fft_length is below the length",
        {
            "native.cut_fourier_transform[ordinary]": {"gradient": ERROR},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "constants and attributes are kept in single precision",
        {
            "native.gelu[deep tail]": {"gradient": WRONG, "hvp": WRONG},
            "native.gelu[ordinary]": {"value": WRONG},
            "native.gelu[small]": {"value": WRONG, "hvp": INCONCLUSIVE},
            "native.gelu[tail]": {"value": WRONG},
            "native.gelu_by_tanh[ordinary]": {"value": WRONG},
            "native.gelu_by_tanh[tail]": {"value": WRONG},
            "native.gelu_by_tanh_tail[ordinary]": {"value": WRONG},
            "native.gelu_by_tanh_tail[saturated]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG},
            "native.gelu_tail[ordinary]": {"value": WRONG},
            "native.gelu_tail[saturated]": {"value": WRONG},
            "native.leaky_relu[large]": {"value": WRONG},
            "native.leaky_relu[ordinary]": {"value": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "tf.experimental.numpy composes it of parts with a kink or a pole there",
        {
            "native.logaddexp2[equal]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.logaddexp[equal]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
            "native.sinc[at zero and integers]": {"jacobian": NONFINITE, "vjp": NONFINITE},
            "native.vandermonde[zero]": {"jacobian": NONFINITE, "jvp": NONFINITE, "vjp": NONFINITE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "dynamic_stitch sends gradients to what was overwritten",
        {
            "native.merge_with_repeated_indices[ordinary]": {"jacobian": WRONG, "jvp": WRONG, "vjp": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the second derivative of x ** y at x = 0 is NaN: 0 times infinity",
        {
            "perm[with a zero]": {"hessian": NONFINITE},
            "whole_powers[zero]": {"hvp": NONFINITE},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the second derivative of reduce_prod is 0 at a zero",
        {
            "product[with a zero]": {"hvp": WRONG},
            "product[with two zeros]": {"hvp": WRONG},
        },
        "https://github.com/tensorflow/tensorflow/issues/61117",
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "abs'(0) = 0 drops a term where the composed function is smooth",
        {
            "schaffer_n4[on the diagonal]": {"hessian": WRONG},
        },
    ),
    Defect(
        "tensorflow",
        "tensorflow==2.21.*",
        "the gradients of xlogy and xlog1py by a factor of 0 are 0",
        {
            "x_log_one_plus_y[zero factor]": {"gradient": WRONG, "hvp": WRONG},
            "x_log_y_edges[zero factor]": {"gradient": WRONG, "hvp": WRONG},
        },
        "https://github.com/tensorflow/tensorflow/issues/56873",
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "XLA's eigh and svd stop at a gap of 1e-6",
        {
            "native.singular_values[nearly equal]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG},
            "native.square_root_by_eigenvectors[nearly equal]": {"value": WRONG, "jacobian": WRONG},
            "native.symmetric_eigenvalues[far apart]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG},
            "native.symmetric_eigenvalues[nearly equal]": {"value": WRONG, "jacobian": WRONG, "jvp": WRONG},
            "native.pseudo_inverse_of_equal_singular_values[ordinary]": {"jvp": WRONG},
        },
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "the gradient of the square root of a complex number is conjugated",
        {
            "native.complex_sqrt[large]": {"gradient": WRONG},
            "native.complex_sqrt[near the cut]": {"gradient": WRONG},
            "native.complex_sqrt[ordinary]": {"gradient": WRONG},
        },
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "quotients under- or overflow where they do not have to",
        {
            "native.complex_division[large]": {"gradient": WRONG},
            "native.complex_division[tiny]": {"gradient": NONFINITE},
            "native.sinc[tiny]": {"jacobian": NONFINITE, "jvp": WRONG},
        },
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "erfcinv takes subnormal numbers and what is near them for 0",
        {
            "native.inverse_complementary_error_function[tail]": {"value": NONFINITE, "jacobian": NONFINITE},
        },
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "tanh' is 1 - y**2 of a tanh with an error of its own",
        {
            "native.gelu_by_tanh_tail[saturated]": {"jacobian": INCONCLUSIVE},
            "native.lstm_cell[saturated]": {"gradient": WRONG},
            "native.tanh[saturated]": {"gradient": WRONG},
        },
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "the rule of cumulative_logsumexp is not linear to the last digits",
        {
            "native.logcumsumexp[descending]": {"jacobian": WRONG},
        },
    ),
    Defect(
        "tensorflow:function",
        "tensorflow==2.21.*",
        "the second derivative of softplus is p (1 - p), which cancels",
        {
            "native.soft_margin[saturated]": {"hvp": WRONG},
        },
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "the second derivative of softplus is p (1 - p), which cancels",
        {
            "native.soft_margin[saturated]": {"hvp": WRONG},
        },
    ),
    Defect(
        "tensorflow:function",
        "tensorflow==2.21.*",
        "pinv loses the derivative between equal singular values",
        {
            "native.pseudo_inverse_of_equal_singular_values[ordinary]": {"jvp": INCONCLUSIVE},
        },
    ),
    Defect(
        "tensorflow:function",
        "tensorflow==2.21.*",
        "forward mode inside a graph fails on searchsorted",
        {
            "native.interpolation[ordinary]": {"jvp": ERROR},
            "native.interpolation[outside]": {"jvp": ERROR},
        },
    ),
    Defect(
        "tensorflow:xla",
        "tensorflow==2.21.*",
        "forward mode inside a graph fails on searchsorted",
        {
            "native.interpolation[ordinary]": {"jvp": ERROR},
            "native.interpolation[outside]": {"jvp": ERROR},
        },
    ),
    Defect(
        "sympy",
        "sympy==1.14.*",
        "the formula, evaluated in double precision, cancels",
        {
            "gelu_tanh[left tail]": {"gradient": WRONG, "hvp": WRONG},
            "soft_viterbi[one path alone]": {"hvp": WRONG},
        },
    ),
    Defect(
        "sympy",
        "sympy==1.14.*",
        "the derivative of abs at 0 is taken for 0 where the composed function is smooth",
        {
            "schaffer_n4[on the diagonal]": {"hessian": WRONG},
        },
    ),
    Defect(
        "sympy",
        "sympy==1.14.*",
        "log_ndtr and its derivatives cancel in the far tail",
        {
            "log_normal_distribution_function[far lower tail]": {"hvp": INCONCLUSIVE},
        },
        single={
            "log_normal_distribution_function[far lower tail]": {"hvp": INCONCLUSIVE},
        },
    ),
    Defect(
        "sympy",
        "sympy==1.14.*",
        "constants that are rounded to single precision do not cancel",
        {},
        single={
            "linear_full_rank[ordinary]": {"hessian": WRONG},
        },
    ),
)
"""Strict both ways: see `gradcheck.defects`."""
