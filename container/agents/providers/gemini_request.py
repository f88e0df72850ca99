"""What Gemini is asked: a prompt in the terms of its API.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.providers.arguments import parse_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.genai.types import Content, GenerateContentConfig, Part, ThinkingConfig, Tool

    from agents.prompt import ModelOptions, Prompt, ToolCall, ToolRound, ToolSpec

_FOREIGN_SIGNATURE = b"skip_thought_signature_validator"
"""Stands for the thoughts behind a call that another model made.

https://ai.google.dev/gemini-api/docs/thought-signatures
"""


_BUDGETS = {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""Tokens of thought for models before Gemini 3, which know no levels.

https://ai.google.dev/gemini-api/docs/thinking
"""


def build_config(model: str, prompt: Prompt, options: ModelOptions) -> GenerateContentConfig:
    """Return what goes with the conversation; None is left out of the request."""
    from google.genai.types import AutomaticFunctionCallingConfig, GenerateContentConfig

    return GenerateContentConfig(
        system_instruction=prompt.instructions or None,
        temperature=options.temperature,
        max_output_tokens=options.max_tokens,
        thinking_config=_limit_thinking(model, options.reasoning_effort),
        tools=[_describe(prompt.tools)] if prompt.tools else None,
        automatic_function_calling=AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,  # it would ask again, and hide that the stream broke
    )


def _limit_thinking(model: str, effort: str | None) -> ThinkingConfig | None:
    from google.genai.types import ThinkingConfig, ThinkingLevel

    if effort is None:
        return None
    if "gemini-2" in model:
        return ThinkingConfig(thinking_budget=_BUDGETS[effort])
    # Newer ones can't be kept from thinking altogether.
    return ThinkingConfig(thinking_level=ThinkingLevel("minimal" if effort == "none" else effort))


def _describe(tools: tuple[ToolSpec, ...]) -> Tool:
    from google.genai.types import FunctionDeclaration, Tool

    return Tool(
        function_declarations=[
            FunctionDeclaration(
                name=tool.name,
                description=tool.description,
                # An object without properties is not a schema to this API.
                parameters_json_schema=dict(tool.parameters)
                if tool.parameters.get("properties")
                else None,
            )
            for tool in tools
        ]
    )


def build_contents(prompt: Prompt) -> Iterator[Content]:
    """Yield the conversation, and what was called since its last message."""
    from google.genai.types import Content, Part

    roles = {"user": "user", "agent": "model"}
    for message in prompt.messages:
        yield Content(role=roles[message.role], parts=[Part(text=message.content)])
    for done in prompt.rounds:
        yield from _tell_round(done)


def _tell_round(done: ToolRound) -> Iterator[Content]:
    from google.genai.types import Content, FunctionResponse, Part

    said = [Part(text=done.text)] if done.text else []
    results = []
    for result in done.results:
        part, call_id = _recall(result.call)
        response = FunctionResponse(
            id=call_id,
            name=result.call.name,
            response={"error" if result.failed else "output": result.content},
        )
        said.append(part)
        results.append(Part(function_response=response))
    yield Content(role="model", parts=said)
    yield Content(role="user", parts=results)


def _recall(call: ToolCall) -> tuple[Part, str | None]:
    """A call as this API made it, or would have made it; and its id, if it has one there."""
    from google.genai.types import FunctionCall, Part

    own = call.extra if isinstance(call.extra, Part) else Part()
    # A name that the model made up has been replaced: call and result need the same.
    if own.function_call and own.function_call.name == call.name:
        return own, own.function_call.id
    told = FunctionCall(name=call.name, args=parse_arguments(call.arguments))
    return Part(function_call=told, thought_signature=_FOREIGN_SIGNATURE), None
