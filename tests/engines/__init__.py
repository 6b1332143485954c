"""The main flows in the engines that Playwright does not drive: Debian's Firefox and WebKitGTK."""
