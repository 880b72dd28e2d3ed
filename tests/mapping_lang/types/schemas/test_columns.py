from mapping_lang.diagnostics import Code, Diagnostic
from mapping_lang.types.kinds import ArrayType, MapType, ObjectType, Property, StringType, Type
from mapping_lang.types.schemas.columns import column_conflicts, column_name

TEXT = StringType()


def of(**types: Type) -> ObjectType:
    return ObjectType(tuple(Property(name, type_) for name, type_ in types.items()))


def test_a_column_joins_the_names_of_a_path() -> None:
    assert column_name(("email",)) == "email"
    assert column_name(("address", "city")) == "address_city"


def test_properties_of_one_column_conflict_whatever_their_case() -> None:
    schema = of(a_b=TEXT, a=of(B=TEXT, c=TEXT), A_c=TEXT)
    assert list(column_conflicts(schema, "/schema")) == [
        Diagnostic(
            code=Code.SCHEMA_COLUMN_CONFLICT,
            message="«a_b» and «a.B» would both be the column «a_B»",
            pointer="/schema/properties/1/type/properties/0/name",
            expected="a column of its own, whatever the case of letters",
            found="the column of «a_b»",
        ),
        Diagnostic(
            code=Code.SCHEMA_COLUMN_CONFLICT,
            message="«a.c» and «A_c» would both be the column «A_c»",
            pointer="/schema/properties/2/name",
            expected="a column of its own, whatever the case of letters",
            found="the column of «a.c»",
        ),
    ]


def test_only_leaves_have_columns() -> None:
    schema = of(
        a=of(b=of(c=TEXT)),
        a_b=TEXT,
        d=ArrayType(of(e=TEXT)),
        d_e=TEXT,
        m=MapType(of(n=TEXT)),
        m_n=TEXT,
    )
    assert list(column_conflicts(schema)) == []


def test_names_that_differ_in_case_only_conflict() -> None:
    (found,) = column_conflicts(of(email=TEXT, Email=TEXT))
    assert found.pointer == "/properties/1/name"
