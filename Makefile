VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

.PHONY: run test lint

run: $(VENV)/app-ready
	$(BIN)/python app.py

test: $(VENV)/test-ready
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/e2e
	$(BIN)/python -m pytest tests/e2e

lint: $(VENV)/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

$(VENV)/app-ready: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement requirements.txt
	touch $@

# The end-to-end tests use an installed Chromium, or else one that Playwright downloads.
$(VENV)/test-ready: $(VENV)/app-ready requirements-test.txt
	$(BIN)/pip install --quiet --requirement requirements-test.txt
	command -v chromium || $(BIN)/playwright install --with-deps chromium
	touch $@
