" Copy the folders of this directory into ~/.vim.
autocmd BufRead,BufNewFile *.arch setfiletype arch
