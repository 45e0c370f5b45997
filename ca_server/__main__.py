"""`python -m ca_server`: the certificate authority and the timestamp authority from the command line."""

import typer

from cosignpy.serving.extra import importing_plainly

with importing_plainly("the authority's"):
    from ca_server.commands.init import init_command
    from ca_server.commands.rotate import install_command, request_command, retire_command, rotate_command, sign_command
    from ca_server.commands.serve import serve_command
    from ca_server.commands.show import show_command

app = typer.Typer(
    help="A certificate authority for code signing by identity, as Fulcio is, and a timestamp authority (RFC 3161).",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("init")(init_command)
app.command("serve")(serve_command)
app.command("show")(show_command)
app.command("rotate")(rotate_command)
app.command("request")(request_command)
app.command("sign")(sign_command)
app.command("install")(install_command)
app.command("retire")(retire_command)

if __name__ == "__main__":
    app(prog_name="python -m ca_server")
