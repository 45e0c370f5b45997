"""`python -m log_server`: the transparency logs from the command line."""

import typer

from cosignpy.serving.extra import importing_plainly

with importing_plainly("the logs'"):
    from log_server.commands.fsck import fsck_command
    from log_server.commands.init import init_command
    from log_server.commands.rotate import freeze_command, rotate_command
    from log_server.commands.serve import serve_command
    from log_server.commands.show import show_command

app = typer.Typer(
    help="Transparency logs: Rekor v1, Rekor v2 and certificate transparency on one engine.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("init")(init_command)
app.command("serve")(serve_command)
app.command("fsck")(fsck_command)
app.command("show")(show_command)
app.command("freeze")(freeze_command)
app.command("rotate")(rotate_command)

if __name__ == "__main__":
    app(prog_name="python -m log_server")
