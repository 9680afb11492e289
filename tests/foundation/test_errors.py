from splagger.foundation.errors import UserError, unknown_name


def test_near_names_are_suggested():
    error = unknown_name("agent", "slagger", ["rnn", "splagger", "max"])
    assert isinstance(error, UserError)
    assert str(error) == "unknown agent 'slagger': did you mean splagger?"


def test_several_near_names_the_nearest_first():
    error = unknown_name("agent", "splager", ["splagger+s", "splagger", "max"])
    assert str(error) == "unknown agent 'splager': did you mean splagger or splagger+s?"


def test_without_a_near_name_all_are_listed():
    error = unknown_name("recipe", "xyz", ["small", "default"])
    assert str(error) == "unknown recipe 'xyz': valid names are default, small."
