// Nothing but the place where the headers that all files share are parsed, see CMakeLists.txt.
