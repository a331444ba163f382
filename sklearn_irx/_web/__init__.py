"""What every local server of this package needs: listening, security headers, static files."""
