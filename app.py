"""DCGAN Studio: python app.py, or this repository as a Hugging Face Space."""

from ui.studio import main

if __name__ == "__main__":
    main()
