# Writes OUTPUT: the texts of the library and of the explanations as constants.
# Run with -DROOT=lang -DOUTPUT=file.
function(append_table function folder)
  file(GLOB files RELATIVE ${ROOT} ${ROOT}/${folder}/*.arch)
  list(SORT files)
  set(rows "")
  foreach(name ${files})
    file(READ ${ROOT}/${name} text)
    string(APPEND rows "    {\"${name}\", R\"arch(${text})arch\"},\n")
  endforeach()
  file(APPEND ${OUTPUT} "
llvm::ArrayRef<ogee::LibraryFile> ogee::${function}() {
  static constexpr LibraryFile files[] = {
${rows}  };
  return files;
}
")
endfunction()

file(WRITE ${OUTPUT} "#include \"lang/Library.h\"\n")
append_table(standardLibrary std)
append_table(explanations explain)
