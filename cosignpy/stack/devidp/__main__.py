"""`python -m cosignpy.stack.devidp`: the development issuer from the command line."""

import typer

from cosignpy.serving.extra import importing_plainly

with importing_plainly("the issuer's"):
    from cosignpy.stack.devidp.commands.rotate import rotate_command
    from cosignpy.stack.devidp.commands.serve import serve_command
    from cosignpy.stack.devidp.commands.token import token_command

app = typer.Typer(
    help="A development OIDC issuer: anybody gets a token for any e-mail address.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve_command)
app.command("token")(token_command)
app.command("rotate")(rotate_command)

if __name__ == "__main__":
    app(prog_name="python -m cosignpy.stack.devidp")
