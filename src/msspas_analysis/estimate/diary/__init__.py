"""Days of a diary: how alike they are, how they go missing, what stands in them."""
