from dataclasses import fields

from splagger.analysis.gradients import Gradients
from splagger.analysis.signal import SignalQuantities
from splagger.reporting.quantities import GRADIENTS, PERMUTATION, SIGNAL


def test_quantities_are_those_of_the_analysis():
    assert [quantity.name for quantity in GRADIENTS] == [f.name for f in fields(Gradients)]
    assert [quantity.name for quantity in SIGNAL] == [f.name for f in fields(SignalQuantities)]


def test_no_two_files_have_one_name():
    names = [quantity.file_name for quantity in (*GRADIENTS, *PERMUTATION, *SIGNAL)]
    assert len(set(names)) == len(names)
    assert names[0] == "initial-input-gradient"


def test_gradients_that_vanish_have_a_logarithmic_axis():
    logarithmic = {quantity.name for quantity in GRADIENTS if quantity.logarithmic}
    assert logarithmic == {"initial_input_gradient", "all_inputs_gradient"}
