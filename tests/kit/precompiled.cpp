// Nothing but the place where the headers that all tests share are parsed, see ../CMakeLists.txt.
